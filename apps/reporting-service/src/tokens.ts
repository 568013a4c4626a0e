/** Name of the TypeORM data source, and of its schema. */
export const REPORTING = 'reporting';
