export * from './api.js';
export * from './local-sign-in.js';
export * from './until-reported.js';
