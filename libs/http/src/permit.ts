import { applyDecorators, SetMetadata, type CustomDecorator } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { Permission } from '@allotree/contracts';
import { IdempotencyInterceptor } from './idempotency.js';
import { InterceptWrite } from './intercept-writes.js';
import { PERMISSION_EXTENSION } from './permission-extension.js';

export const PERMISSION_METADATA = 'allotree:permission';
export const PUBLIC_METADATA = 'allotree:public';
export const SIGNED_IN_METADATA = 'allotree:signed-in';

/**
 * The place a permission is required at. Each value is the name of a route parameter, or `body.<field>`. Empty: the permission must be held
 * somewhere, and the route is limited to where it is held.
 */
export interface PermissionTarget {
  /** The whole project: its root group. With `group`: that group of it. */
  readonly project?: string;
  readonly group?: string;
  /** A project in which the permission is held somewhere: the route checks where exactly. */
  readonly within?: string;
  readonly partner?: string;
}

export interface RoutePermission {
  readonly permission: Permission;
  readonly target: PermissionTarget;
}

/**
 * The permission a route requires, and where: `@Permit('restrictions:manage', { project: 'p', group: 'g' })`. Every route carries this,
 * `@SignedIn()` or `@Public()`.
 */
export const Permit = (permission: Permission, target: PermissionTarget = {}): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(PERMISSION_METADATA, { permission, target } satisfies RoutePermission),
    ApiExtension(PERMISSION_EXTENSION, permission),
    InterceptWrite(IdempotencyInterceptor),
  );

/** For every signed-in user, about themselves. */
export const SignedIn = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(SIGNED_IN_METADATA, true),
    ApiExtension(PERMISSION_EXTENSION, 'signed-in'),
    InterceptWrite(IdempotencyInterceptor),
  );

/** Needs no authentication. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_METADATA, true);
