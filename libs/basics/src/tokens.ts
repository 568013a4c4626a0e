/** The symbols under which the module of a service provides its parts. */
export const CONFIGURATION = Symbol('configuration');
export const PG_POOL = Symbol('pg pool');
export const LOGGER = Symbol('logger');
export const METRICS = Symbol('metrics registry');
