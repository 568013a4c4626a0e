import { administratorRole, type PartnerFacts, type TreeCommand } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';

/** The project a registration creates (L1); its administrator is the first member. `null`: it creates none. */
export function createRegisteredProject({
  partnerId,
  kind,
  tenantId,
  administrator,
  project,
}: PartnerFacts): TreeCommand | null {
  if (project === null) return null;
  const { projectId, name, timeZone } = project;
  return {
    type: 'CreateProject',
    projectId,
    tenantId,
    partnerId,
    name,
    timeZone,
    billingMode: 'prepaid',
    trial: true,
    postpaidAllowed: false,
    administrator: {
      memberId: deriveId(projectId, 'administrator'),
      userId: administrator.administratorId,
      email: administrator.email,
      name: administrator.name,
      role: administratorRole(kind),
    },
  };
}
