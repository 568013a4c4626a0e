import { Id } from '@allotree/contracts';
import { z } from 'zod';

/** Parameters of the routes. */
export const ProjectPath = z.object({ p: Id });
export type ProjectPath = z.infer<typeof ProjectPath>;
export const GroupPath = z.object({ p: Id, g: Id });
export type GroupPath = z.infer<typeof GroupPath>;
export const AssignmentPath = z.object({ p: Id, g: Id, a: Id });
export type AssignmentPath = z.infer<typeof AssignmentPath>;
export const MemberPath = z.object({ p: Id, g: Id, u: Id });
export type MemberPath = z.infer<typeof MemberPath>;
export const LicensePath = z.object({ p: Id, l: Id });
export type LicensePath = z.infer<typeof LicensePath>;
export const PartnerPath = z.object({ partnerId: Id });
export type PartnerPath = z.infer<typeof PartnerPath>;
export const PackagePath = z.object({ partnerId: Id, packageId: Id });
export type PackagePath = z.infer<typeof PackagePath>;
