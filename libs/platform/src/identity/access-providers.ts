import type { InjectionToken, Provider } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { TenantRows } from '../persistence/tenant-rows.js';
import { IdentityView } from './identity-view.js';
import { MembershipFeed } from './membership-feed.js';
import { Reach } from './reach.js';

/** A service's rows as its callers see them. @param dataSource the token of the service's data source */
export const tenantRowsOf = (dataSource: InjectionToken): Provider => ({
  provide: TenantRows,
  useFactory: (rows: DataSource, reach: Reach) => new TenantRows(rows, reach),
  inject: [dataSource, Reach],
});

/** Maintains the view of memberships in a service's schema. @param dataSource the token of the service's data source */
export const membershipFeedOf = (dataSource: InjectionToken, schema: string): Provider => ({
  provide: MembershipFeed,
  useFactory: (rows: DataSource, identity: IdentityView) => new MembershipFeed(rows, schema, identity),
  inject: [dataSource, IdentityView],
});
