import type { InjectionToken, Provider } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { TenantRows } from './tenant-rows.js';
import { IdentityView } from './identity-view.js';
import { MembershipFeed } from './membership-feed.js';
import { PermissionChecker } from './permission-checker.js';

/** A service's rows as its callers see them. @param dataSource the token of the service's data source */
export const tenantRowsOf = (dataSource: InjectionToken): Provider => ({
  provide: TenantRows,
  useFactory: (rows: DataSource, checker: PermissionChecker) => new TenantRows(rows, checker),
  inject: [dataSource, PermissionChecker],
});

/** Maintains the view of memberships in a service's schema. @param dataSource the token of the service's data source */
export const membershipFeedOf = (dataSource: InjectionToken, schema: string): Provider => ({
  provide: MembershipFeed,
  useFactory: (rows: DataSource, identity: IdentityView) => new MembershipFeed(rows, schema, identity),
  inject: [dataSource, IdentityView],
});
