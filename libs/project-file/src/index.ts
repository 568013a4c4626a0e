export * from './project-file.js';
export * from './check-project-file.js';
export type { Finding } from './finding.js';
export * from './terms.js';
export * from './current-project.js';
export * from './plan-project.js';
export { exportProject } from './export-project.js';
export { isAlreadySo, NO_SECTION, requestOf, type SectionRequest } from './sections.js';
export { nearestWord } from './nearest-word.js';
