import { applyDecorators, SetMetadata, type CustomDecorator } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { Permission } from '@allotree/contracts';

export const PERMISSION_METADATA = 'allotree:permission';
export const PUBLIC_METADATA = 'allotree:public';
export const SIGNED_IN_METADATA = 'allotree:signed-in';
/** What an operation of the OpenAPI document says its permission under; `signed-in`: whoever is; absent: everybody. */
export const PERMISSION_EXTENSION = 'x-permission';

/**
 * What a permission is asked for. Each is the name of a route parameter, or `body.<field>`. None: the permission must be
 * held somewhere, and the route shows or does only what lies there.
 */
export interface PermissionTarget {
  /** The whole project: its root group. With `group`: that group of it. */
  readonly project?: string;
  readonly group?: string;
  /** A project in which the permission is held somewhere: the route looks where exactly. */
  readonly within?: string;
  readonly partner?: string;
}

export interface RoutePermission {
  readonly permission: Permission;
  readonly target: PermissionTarget;
}

/**
 * What the caller of a route must be permitted, and where: `@Permit('restrictions:manage', { project: 'p', group: 'g' })`.
 * Every route carries this, `@SignedIn()` or `@Public()`.
 */
export const Permit = (permission: Permission, target: PermissionTarget = {}): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(PERMISSION_METADATA, { permission, target } satisfies RoutePermission),
    ApiExtension(PERMISSION_EXTENSION, permission),
  );

/** For everybody who is signed in, about themselves. */
export const SignedIn = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SIGNED_IN_METADATA, true), ApiExtension(PERMISSION_EXTENSION, 'signed-in'));

/** Answers without asking who calls. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_METADATA, true);
