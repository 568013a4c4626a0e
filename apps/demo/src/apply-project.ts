import type { ProjectItem } from '@allotree/contracts';
import { isSameName, nameKey, RESOURCES, type Units } from '@allotree/domain';
import type { Application } from './apply.js';
import type { KnownPartners } from './apply-partners.js';
import type { LicenseEntry } from '@allotree/project-file';
import { resolveWhen, type FirstDay } from '@allotree/project-file';
import { dateText, unitsText } from './words.js';

/** The project of a file as it is in the system. */
export interface Project {
  readonly projectId: string;
  readonly name: string;
  /** What the durations of the file count from. */
  readonly firstDay: FirstDay;
}

interface License {
  readonly type: string;
  readonly units: Units;
  readonly validUntil: string | null;
  readonly licenseId: string | null;
  readonly externalId: string | null;
  readonly source: { readonly kind: string; readonly packageId?: string };
}

/** The project itself and the licenses issued to it. */
export const applyProject = async (application: Application, partners: KnownPartners): Promise<Project> => {
  application.narrator.begin('The project and its licenses');
  const project = await findOrCreate(application, partners);
  const current = await application.api.get<{ items: License[] }>(`/projects/${project.projectId}/licenses`);
  for (const entry of application.file.project.licenses) {
    const license = licenseOf(entry, partners, project);
    const found = current.items.find((one) => isIssuedAs(one, license));
    const from = `out of ${entry.package} of ${entry.from}`;
    if (found && license.externalId !== undefined && license.externalId !== found.externalId) {
      const { externalId } = license;
      await application.api.patch(`/projects/${project.projectId}/licenses/${found.licenseId}`, { externalId });
      application.narrator.changed(`external id of the license ${from}`);
    } else if (found) {
      const until = dateText(found.validUntil, project.firstDay.zone);
      application.narrator.alreadySo(`${unitsText(entry.units)} ${from} were issued to it, until ${until}`);
    } else {
      await application.api.post(`/projects/${project.projectId}/licenses`, license);
      application.narrator.changed(`issued ${unitsText(entry.units)} (numbers/apps/UKEY2) ${from} to it`);
    }
  }
  return project;
};

const findOrCreate = async ({ api, file, narrator, clock }: Application, partners: KnownPartners): Promise<Project> => {
  const { name, partner = '', timeZone, billingMode } = file.project;
  const partnerId = partners.get(partner)?.partnerId ?? '';
  const find = async (): Promise<ProjectItem | undefined> =>
    (await api.list<ProjectItem>(`/projects?partnerId=${partnerId}`)).find((item) => isSameName(item.name, name));
  const whose = `${name} of ${partner}`;
  const current = await find();
  if (current) {
    narrator.alreadySo(`the project ${whose} is there`);
    return projectOf(current);
  }
  const { projectId } = await api.post<{ projectId: string }>('/projects', { name, partnerId, timeZone, billingMode });
  narrator.changed(`created the project ${whose} (${billingMode}, ${timeZone})`);
  const created = await find();
  return created ? projectOf(created) : { projectId, name, firstDay: { zone: timeZone, instant: clock() } };
};

const projectOf = ({ projectId, name, timeZone, createdAt }: ProjectItem): Project => ({
  projectId,
  name,
  firstDay: { zone: timeZone, instant: Date.parse(createdAt) },
});

/** The request that issues a license of the file. */
export const licenseOf = (entry: LicenseEntry, partners: KnownPartners, { firstDay }: Project) => ({
  type: 'plus',
  partnerId: partners.get(entry.from)?.partnerId ?? '',
  packageId: partners.get(entry.from)?.packages.get(nameKey(entry.package)) ?? '',
  units: entry.units,
  features: entry.features,
  validFrom: resolveWhen(entry.validFrom, firstDay),
  validUntil: resolveWhen(entry.validUntil, firstDay),
  externalId: entry.externalId,
});

const isIssuedAs = (license: License, wanted: ReturnType<typeof licenseOf>): boolean =>
  license.source.packageId === wanted.packageId &&
  RESOURCES.every((resource) => license.units[resource] === wanted.units[resource]);
