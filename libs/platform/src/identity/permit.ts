import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Permission, PermissionTarget, RoutePermission } from './principal.js';

export const PERMISSION_METADATA = 'allotree:permission';
export const PUBLIC_METADATA = 'allotree:public';

/**
 * What the caller of a route must be permitted, on the project, group or partner its parameters name:
 * `@Permit('restrictions:manage', { project: 'p', group: 'g' })`. Every route carries this or `@Public()`.
 */
export const Permit = (permission: Permission, target: PermissionTarget = {}): CustomDecorator =>
  SetMetadata(PERMISSION_METADATA, { permission, target } satisfies RoutePermission);

/** Answers without asking who calls. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_METADATA, true);
