import { groupPolicies } from '@allotree/group-service';
import { licensePolicies } from '@allotree/license-service';
import { notificationPolicies } from '@allotree/notification-service';
import type { RetentionPolicy } from '@allotree/jobs';

/** What the services of this process keep for how long. */
export const servicePolicies = (
  settings: Parameters<typeof groupPolicies>[0] &
    Parameters<typeof licensePolicies>[0] &
    Parameters<typeof notificationPolicies>[0],
): readonly RetentionPolicy[] => [
  ...groupPolicies(settings),
  ...licensePolicies(settings),
  ...notificationPolicies(settings),
];
