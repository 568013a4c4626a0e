import type { MemberItem, PartnerItem } from '@allotree/contracts';
import type { Api } from '@allotree/api-client';
import type { ProjectFile } from '@allotree/project-file';

/** The groups of the story and their administrators, who get the mails. */
export const CAST = [
  { group: 'Hafenblick', name: 'Mia Winter', email: 'mia.winter@hafenblick.example', role: 'company_administrator' },
  { group: 'Building A', name: 'Tom Falk', email: 'tom.falk@hafenblick.example', role: 'site_administrator' },
] as const;

/**
 * The file with other names for partners, project and devices, so that the story can run again on the same system, where the
 * terms of the first run have ended. Without the requests that must be refused, which belong to the other story.
 */
export function renamed(file: ProjectFile, take: number): ProjectFile {
  const again = (name: string): string => (take === 1 ? name : `${name} (${take})`);
  const { project, partners, devices } = file;
  return {
    ...file,
    refusals: [],
    partners: partners.map((partner) => ({
      ...partner,
      name: again(partner.name),
      ...(partner.parent !== undefined && { parent: again(partner.parent) }),
      ...(partner.ownProject !== undefined && { ownProject: again(partner.ownProject) }),
    })),
    project: {
      ...project,
      partner: again(project.partner ?? ''),
      licenses: project.licenses.map((license) => ({ ...license, from: again(license.from) })),
    },
    devices: devices.map((device) => ({
      ...device,
      serialNumber: take === 1 ? device.serialNumber : `${device.serialNumber}-${take}`,
    })),
  };
}

/** The number of this run of the story on the system, from 1. */
export async function nextTake(api: Api, file: ProjectFile): Promise<number> {
  const names = new Set((await api.list<PartnerItem>('/partners')).map(({ name }) => name));
  const first = file.partners[0]?.name ?? '';
  let take = 1;
  while (names.has(take === 1 ? first : `${first} (${take})`)) take += 1;
  return take;
}

/** Makes the administrators members of their groups. */
export async function appoint(api: Api, projectId: string, groupIdOf: (path: string) => string): Promise<void> {
  for (const { group, ...person } of CAST) {
    const path = `/projects/${projectId}/groups/${groupIdOf(group)}/members`;
    const current = await api.list<MemberItem>(path);
    if (!current.some(({ email }) => email === person.email)) await api.post(path, person);
  }
}
