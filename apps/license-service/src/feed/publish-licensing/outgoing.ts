import type { LicensingEventData, LicensingEventType } from '@allotree/contracts';

/** What goes out of an event: type and data of an integration event, still without its envelope and its instant. */
export type Outgoing = {
  [Type in LicensingEventType]: { readonly type: Type; readonly data: LicensingEventData<Type> };
}[LicensingEventType];
