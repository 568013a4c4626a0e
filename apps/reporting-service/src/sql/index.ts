/** The views and functions of the schema `analysis`, and the logins that read them. */
export { FUNCTIONS, type SqlFunction } from './functions.js';
export { Logins, NotPossible, type Login, type NewLogin } from './logins.js';
export { VIEWS, type View } from './views.js';
