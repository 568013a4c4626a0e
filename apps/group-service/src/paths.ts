import { Id, SerialNumber } from '@allotree/contracts';
import { z } from 'zod';

/** Parameters of the routes. */
export const PartnerPath = z.object({ partnerId: Id });
export type PartnerPath = z.infer<typeof PartnerPath>;
export const AdministratorPath = z.object({ partnerId: Id, userId: Id });
export type AdministratorPath = z.infer<typeof AdministratorPath>;
export const JoinRequestPath = z.object({ partnerId: Id, joinRequestId: Id });
export type JoinRequestPath = z.infer<typeof JoinRequestPath>;
export const RolePath = z.object({ roleId: Id });
export type RolePath = z.infer<typeof RolePath>;
export const ProjectPath = z.object({ p: Id });
export type ProjectPath = z.infer<typeof ProjectPath>;
export const GroupPath = z.object({ p: Id, g: Id });
export type GroupPath = z.infer<typeof GroupPath>;
export const MemberPath = z.object({ p: Id, g: Id, memberId: Id });
export type MemberPath = z.infer<typeof MemberPath>;
export const DevicePath = z.object({ p: Id, g: Id, serialNumber: SerialNumber });
export type DevicePath = z.infer<typeof DevicePath>;
export const PlanPath = z.object({ p: Id, planId: Id });
export type PlanPath = z.infer<typeof PlanPath>;
