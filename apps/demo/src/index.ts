export { nodeAt, type Tree } from './tree.js';
export { applyProjectFile } from './apply.js';
export { Narrator } from './narrator.js';
export { projectFileSchema } from '@allotree/project-file';
export { readProjectFile } from '@allotree/project-file/read';
