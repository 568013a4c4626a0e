export { STANDALONE_CONFIGURATION } from './configuration.js';
