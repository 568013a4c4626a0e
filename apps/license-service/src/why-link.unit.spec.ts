import { describe, expect, it } from '@jest/globals';
import type { Binding, ProjectRefusal } from '@allotree/domain';
import { groupsNamed, groupsOfItem, whyLink } from './why-link.js';

const at = Date.parse('2026-03-03T13:30:00Z');
const limitedBy: Binding = { groupId: 'building', name: 'Building A', limit: 80, validUntil: null };
const exceeded: ProjectRefusal = {
  code: 'LIMIT_EXCEEDED',
  resource: 'mobile_app',
  requested: 2,
  available: 1,
  limitedBy,
  at: at + 1,
};
const linkOf = (refusal: ProjectRefusal, ...groupIds: readonly string[]): string | undefined =>
  whyLink(refusal, { projectId: 'p', groupIds, at }).why;
const path = (groupId: string, resource: string): string =>
  `/projects/p/groups/${groupId}/quota/why?resource=${resource}&at=2026-03-03T13%3A30%3A00.000Z`;

describe('the link to the reasons of a refusal', () => {
  it('names the group and resource that were asked for, at the instant of the decision', () => {
    expect(linkOf(exceeded, 'flat')).toBe(path('flat', 'mobile_app'));
    expect(linkOf({ code: 'NO_SIP_NUMBER', groupId: 'flat' }, 'flat')).toBe(path('flat', 'sip_number'));
    expect(linkOf({ code: 'FEATURE_NOT_AVAILABLE', feature: 'siri', limitedBy }, 'flat')).toBe(
      path('flat', 'sip_number'),
    );
  });

  it('names the group that binds, where the command names none or several', () => {
    expect(linkOf(exceeded)).toBe(path('building', 'mobile_app'));
    expect(linkOf(exceeded, 'other', 'building')).toBe(path('building', 'mobile_app'));
    expect(linkOf({ ...exceeded, limitedBy: { ...limitedBy, groupId: null } })).toBe(path('p', 'mobile_app'));
  });

  it('names the resource of what would be suspended', () => {
    const suspensions = [{ groupId: 'flat', name: 'Flat', resource: 'ukey2' as const, count: 1 }];
    expect(linkOf({ code: 'DESCENDANTS_AFFECTED', groups: [], suspensions }, 'building')).toBe(
      path('building', 'ukey2'),
    );
  });

  it('is there for quotas alone', () => {
    expect(linkOf({ code: 'PROJECT_CLOSED', projectId: 'p', reason: 'Sold' }, 'flat')).toBeUndefined();
    expect(linkOf({ code: 'SIP_BELOW_MOBILE', sipNumber: 1, mobileApp: 2 }, 'flat')).toBeUndefined();
  });

  it('finds groups of commands and of the items of batches', () => {
    expect(groupsNamed({ fromGroupId: 'one', toGroupId: 'other' })).toEqual(['other', 'one']);
    expect(groupsOfItem({ restrictions: [{ groupId: 'a' }, { groupId: 'b' }] }, 1)).toEqual(['b']);
    expect(groupsOfItem({ items: [{ groupId: 'a' }] }, 0)).toEqual(['a']);
    expect(groupsOfItem({ assignmentIds: ['a'] }, 0)).toEqual([]);
  });
});
