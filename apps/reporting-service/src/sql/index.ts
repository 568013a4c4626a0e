/** What people see who ask in SQL, and who they are. */
export { FUNCTIONS, type SqlFunction } from './functions.js';
export { Logins, NotPossible, type Login, type NewLogin } from './logins.js';
export { VIEWS, type View } from './views.js';
