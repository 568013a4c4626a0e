export { nodeAt, type Tree } from './apply-groups.js';
export { applyProjectFile } from './apply.js';
export { Narrator } from './narrator.js';
export { projectFileSchema } from './project-file.js';
export { readProjectFile } from './read-project-file.js';
