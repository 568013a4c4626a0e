export { applyFilter, columnsOf, filterSql, type FilterColumns } from './filter-sql.js';
export * from './pages.js';
export * from './read-models.js';
export * from './rehearse.js';
export {
  CALLER_ROLE,
  copyTenantFrom,
  disableRowLevelSecurity,
  enableRowLevelSecurity,
  withTenants,
} from './row-level-security.js';
export * from './rows.js';
