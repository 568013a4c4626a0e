import { describe, expect, it } from '@jest/globals';
import { redirection } from './shadow-session.js';

const redirect = redirection('groups', ['group', 'group_node', 'member']);

describe('statements of a shadow session', () => {
  it('mean the copies of the tables that they name with their schema', () => {
    expect(redirect('INSERT INTO groups.group_node (a) SELECT a FROM "groups"."member" m, groups.group')).toBe(
      'INSERT INTO pg_temp."group_node" (a) SELECT a FROM pg_temp."member" m, pg_temp."group"',
    );
    expect(redirect('SELECT groups.member.a, "groups"."group_node"."b"')).toBe(
      'SELECT pg_temp."member".a, pg_temp."group_node"."b"',
    );
  });

  it('mean the same tables as everywhere where it is another table, schema or column', () => {
    for (const sql of [
      'SELECT FROM groups.group_nodes, groups.members, "groups"."member_x"',
      'SELECT FROM other_groups.member, x.groups.member, "x"."groups"."member"',
      'SELECT member, groups FROM licensing.member',
      'EXECUTE FUNCTION groups.tenant_of_group()',
    ])
      expect(redirect(sql)).toBe(sql);
  });
});
