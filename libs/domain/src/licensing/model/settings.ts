import type { ProjectCommand } from './commands.js';
import type { ProjectEvent } from './events.js';

/** The settings of a project that have revisions of their own, so that one form can be saved while another changes. */
export const restrictionSetting = (groupId: string): string => `restriction ${groupId}`;
export const memberLimitsSetting = (groupId: string, userId: string): string => `member limits ${groupId} ${userId}`;
/** All licenses of a project are one setting, because they are read and changed as one list. */
export const LICENSES_SETTING = 'licenses';

/** The billing terms of a project, with the period they are in force in. */
export const BILLING_TERMS_SETTING = 'billing terms';

/** The settings an event changes. Effects of time (an allotment that begins or ends) change none. */
export function settingsOf(event: ProjectEvent): readonly string[] {
  switch (event.type) {
    case 'RestrictionChanged':
    case 'AllotmentsClamped':
      return [restrictionSetting(event.data.groupId)];
    case 'AllotmentsTransferred':
      return [restrictionSetting(event.data.fromGroupId), restrictionSetting(event.data.toGroupId)];
    case 'MemberLimitsSet':
      return [memberLimitsSetting(event.data.groupId, event.data.userId)];
    case 'BillingTermsSet':
    case 'UsagePeriodClosed':
      return [BILLING_TERMS_SETTING];
    case 'LicenseGranted':
    case 'LicenseExtended':
    case 'LicenseSuspended':
    case 'LicenseReinstated':
    case 'LicenseRevoked':
    case 'LicenseExternalIdChanged':
      return [LICENSES_SETTING];
    default:
      return [];
  }
}

/** The setting a command changes; `null`: none of its own. */
export function settingOf(command: ProjectCommand): string | null {
  switch (command.type) {
    case 'SetRestriction':
      return restrictionSetting(command.groupId);
    case 'SetMemberLimits':
      return memberLimitsSetting(command.groupId, command.userId);
    case 'SetBillingTerms':
      return BILLING_TERMS_SETTING;
    case 'GrantLicense':
    case 'ExtendLicense':
    case 'SuspendLicense':
    case 'ReinstateLicense':
    case 'RevokeLicense':
    case 'SetLicenseExternalId':
      return LICENSES_SETTING;
    default:
      return null;
  }
}
