import type { Instant } from '../decision.js';
import type { Feature, PartnerKind, Units } from '../words.js';
import type { PackageContent, TermDates } from './events.js';

/** Part of a package. `null`: the value of the package (L3). Dates come with their instants. */
export interface PackagePart extends TermDates {
  readonly units: Units;
  readonly features: readonly Feature[] | null;
  readonly validFrom: Instant | null;
  readonly validUntil: Instant | null;
}

interface PartnerStockCommands {
  /** Facts of the group service. */
  OpenStock: { tenantId: string; kind: PartnerKind; name: string; parentPartnerId: string | null };
  PromotePartner: object;
  CloseStock: { reason: string };
  ClosePartnerBelow: { belowPartnerId: string; reason: string };
  AddPartnerBelow: { belowPartnerId: string; kind: PartnerKind; name: string };

  RecordPackage: PackageContent & { packageId: string; name: string };
  SellPackage: PackagePart & { packageId: string; soldPackageId: string; toPartnerId: string };
  /** The second half of a sale; repeated after a crash, so it is identified by the id of the package. */
  ReceivePackage: PackageContent & { packageId: string; name: string; fromPartnerId: string; fromPackageId: string };
  /** The project is known to belong to the partner's tenant; dates are days in its time zone. */
  IssueUnits: PackagePart & {
    packageId: string;
    licenseId: string;
    projectId: string;
    timeZone: string;
    externalId?: string;
  };
}

export type PartnerStockCommandType = keyof PartnerStockCommands;
/**
 * Every command names the partner whose stock it is for and carries the instant it is decided at. Ids come from the
 * caller: the same id again is the same command.
 */
export type PartnerStockCommand = {
  [Type in PartnerStockCommandType]: {
    readonly type: Type;
    readonly partnerId: string;
    readonly now: Instant;
  } & Readonly<PartnerStockCommands[Type]>;
}[PartnerStockCommandType];
export type PartnerStockCommandOf<Type extends PartnerStockCommandType> = Extract<PartnerStockCommand, { type: Type }>;
