import type { PartnerItem, RegisteredPartner } from '@allotree/contracts';
import { isSameName, nameKey } from '@allotree/domain';
import type { Application } from './apply.js';
import type { PackageEntry, PartnerEntry, PurchaseEntry } from '@allotree/project-file';
import { resolveWhen } from '@allotree/project-file';
import { unitsText } from './words.js';

interface StockPackage {
  readonly packageId: string;
  readonly name: string;
}

/** A partner of the file as it is in the system, with the packages it owns by name. */
export interface KnownPartner {
  readonly partnerId: string;
  readonly packages: ReadonlyMap<string, string>;
}
export type KnownPartners = ReadonlyMap<string, KnownPartner>;

/** The partners of a file, what they own and what they bought. */
export const applyPartners = async (application: Application): Promise<KnownPartners> => {
  const { api, file, narrator } = application;
  narrator.begin('Partners and their stock');
  const current = await api.list<PartnerItem>('/partners');
  const known = new Map<string, KnownPartner>();
  for (const entry of file.partners) {
    const above = entry.parent === undefined ? undefined : known.get(entry.parent);
    const partnerId = await applyPartner(application, entry, above?.partnerId ?? null, current);
    const packages = await packagesOf(application, partnerId);
    for (const owned of entry.packages) await applyPackage(application, entry, partnerId, owned, packages);
    for (const purchase of entry.purchases) {
      await applyPurchase(application, { entry, partnerId, purchase, seller: above, packages });
    }
    known.set(entry.name, { partnerId, packages });
  }
  return known;
};

const packagesOf = async ({ api }: Application, partnerId: string): Promise<Map<string, string>> => {
  const stock = await api.get<{ packages: StockPackage[] }>(`/partners/${partnerId}/stock`);
  return new Map(stock.packages.map(({ name, packageId }) => [nameKey(name), packageId]));
};

const applyPartner = async (
  { api, file, narrator }: Application,
  entry: PartnerEntry,
  parentPartnerId: string | null,
  current: readonly PartnerItem[],
): Promise<string> => {
  const is = `${entry.kind.replace('_', ' ')} ${entry.name}`;
  const found = current.find(
    (item) => isSameName(item.name, entry.name) && item.kind === entry.kind && item.parentPartnerId === parentPartnerId,
  );
  if (found) {
    narrator.alreadySo(`${is} is registered`);
    return found.partnerId;
  }
  const registered = await api.post<RegisteredPartner>('/partners', {
    name: entry.name,
    kind: entry.kind,
    administrator: entry.administrator,
    ...(parentPartnerId !== null && { parentPartnerId }),
    ...(entry.ownProject !== undefined && { objectName: entry.ownProject, timeZone: file.project.timeZone }),
  });
  const trial = entry.ownProject === undefined ? '' : `, and its own project ${entry.ownProject} with a trial`;
  narrator.changed(`registered the ${is}${entry.parent === undefined ? '' : ` below ${entry.parent}`}${trial}`);
  return registered.partnerId;
};

const termOf = (application: Application, entry: PackageEntry | PurchaseEntry) => {
  const first = { zone: application.file.project.timeZone, instant: application.clock() };
  return { validFrom: resolveWhen(entry.validFrom, first), validUntil: resolveWhen(entry.validUntil, first) };
};

const applyPackage = async (
  application: Application,
  entry: PartnerEntry,
  partnerId: string,
  owned: PackageEntry,
  packages: Map<string, string>,
): Promise<void> => {
  const { api, narrator } = application;
  if (packages.has(nameKey(owned.name))) {
    narrator.alreadySo(`${entry.name} owns the package ${owned.name}`);
    return;
  }
  const { name, units, features } = owned;
  const recorded = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, {
    name,
    units,
    features,
    ...termOf(application, owned),
  });
  packages.set(nameKey(name), recorded.packageId);
  narrator.changed(`recorded ${unitsText(units)} (numbers/apps/UKEY2) on the stock of ${entry.name} as ${name}`);
};

interface Sale {
  readonly entry: PartnerEntry;
  readonly partnerId: string;
  readonly purchase: PurchaseEntry;
  readonly seller: KnownPartner | undefined;
  readonly packages: Map<string, string>;
}

const applyPurchase = async (application: Application, sale: Sale): Promise<void> => {
  const { api, narrator } = application;
  const { entry, purchase, seller, packages } = sale;
  if (packages.has(nameKey(purchase.package))) {
    narrator.alreadySo(`${entry.name} has bought of ${purchase.package}`);
    return;
  }
  const packageId = seller?.packages.get(nameKey(purchase.package)) ?? '';
  const sold = await api.post<{ packageId: string }>(
    `/partners/${seller?.partnerId ?? ''}/packages/${packageId}/sales`,
    {
      toPartnerId: sale.partnerId,
      units: purchase.units,
      features: purchase.features,
      ...termOf(application, purchase),
    },
  );
  packages.set(nameKey(purchase.package), sold.packageId);
  narrator.changed(`${entry.parent ?? ''} sold ${unitsText(purchase.units)} of ${purchase.package} to ${entry.name}`);
};
