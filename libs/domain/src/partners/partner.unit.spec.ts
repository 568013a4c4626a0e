import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { partnerAggregate, type PartnerCommand } from './partner.aggregate.js';

const administrator = { administratorId: 'u1', name: 'Ada', email: 'ada@nordlicht.example' };
type Registration = Extract<PartnerCommand, { type: 'RegisterPartner' }>;
const register = (kind: Registration['kind'], parent: Registration['parent'] = null): PartnerCommand => ({
  type: 'RegisterPartner',
  partnerId: 'new',
  kind,
  name: ' Nordlicht ',
  administrator,
  project: null,
  parent,
});
const distributor = { partnerId: 'nordlicht', kind: 'distributor', tenantId: 'nordlicht' } as const;
const partner = given(partnerAggregate, []);

describe('registering a partner', () => {
  it('makes a distributor its own tenant, once', () => {
    partner
      .when(register('distributor'))
      .then([
        {
          type: 'PartnerRegistered',
          data: {
            partnerId: 'new',
            kind: 'distributor',
            name: 'Nordlicht',
            administrator,
            project: null,
            parentPartnerId: null,
            tenantId: 'new',
          },
        },
      ])
      .when(register('distributor'))
      .then([]);
  });

  it.each(['dealer', 'management_company'] as const)('puts a %s below a distributor and into its tenant', (kind) => {
    const { decision } = partner.when(register(kind, distributor));
    expect(decision).toMatchObject({
      ok: true,
      events: [{ data: { parentPartnerId: 'nordlicht', tenantId: 'nordlicht' } }],
    });
  });

  it.each(['dealer', 'management_company'] as const)('makes a %s without a distributor its own tenant', (kind) => {
    const { decision } = partner.when(register(kind));
    expect(decision).toMatchObject({ ok: true, events: [{ data: { parentPartnerId: null, tenantId: 'new' } }] });
  });

  it.each([
    ['distributor', distributor, 'a distributor has no partner above it'],
    [
      'dealer',
      { partnerId: 'd', kind: 'dealer', tenantId: 'nordlicht' },
      'a dealer belongs to a distributor or is independent',
    ],
  ] as const)('refuses a %s below %j', (kind, parent, message) => {
    partner.when(register(kind, parent)).then({ code: 'VALIDATION', field: 'parentPartnerId', message });
  });

  it.each([
    ['name', { name: ' ' }],
    ['administrator.name', { administrator: { ...administrator, name: ' ' } }],
  ])('refuses an empty %s', (field, over) => {
    partner
      .when({ ...register('dealer'), ...over } as PartnerCommand)
      .then({ code: 'VALIDATION', field, message: 'must not be empty' });
  });

  it('stores its event unchanged', () => {
    const { decision } = partner.when(register('distributor'));
    if (!decision.ok) throw new Error('refused');
    for (const event of decision.events) {
      const { type, data } = partnerAggregate.encode(event);
      expect(partnerAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => partnerAggregate.decode('PartnerLost', {})).toThrow('unknown event type');
  });
});

describe('the administrators of a partner', () => {
  const partnerOf = (kind: Registration['kind'], parent: Registration['parent'] = null) => {
    const { decision } = partner.when(register(kind, parent));
    if (!decision.ok) throw new Error('refused');
    return given(partnerAggregate, decision.events);
  };
  const own = partnerOf('distributor');
  const dealer = partnerOf('dealer', distributor);
  const add = (userId: string, over: { role?: string; name?: string; email?: string } = {}): PartnerCommand => ({
    type: 'AddPartnerAdministrator',
    partnerId: 'new',
    userId,
    email: `${userId}@nordlicht.example`,
    name: 'Kim',
    role: null,
    ...over,
  });
  const remove = (userId: string): PartnerCommand => ({ type: 'RemovePartnerAdministrator', partnerId: 'new', userId });
  const added = (userId: string, role: string, tenantId = 'new', email = `${userId}@nordlicht.example`) => ({
    type: 'PartnerAdministratorAdded' as const,
    data: { partnerId: 'new', tenantId, userId, email, name: 'Kim', role },
  });

  it('have the role of its kind, or one of the tenant', () => {
    own.when(add('u2')).then([added('u2', 'company_administrator')]);
    dealer.when(add('u2')).then([added('u2', 'site_administrator', 'nordlicht')]);
    dealer.when(add('u2', { role: 'r1' })).then([added('u2', 'r1', 'nordlicht')]);
    const message = 'the administrator of a dealer is a site_administrator';
    dealer.when(add('u2', { role: 'company_administrator' })).then({ code: 'VALIDATION', field: 'role', message });
  });

  it('are added once; again changes name and role, whatever the case of the address', () => {
    const two = own.when(add('u2')).then([added('u2', 'company_administrator')]);
    two.when(add('u2')).then([]);
    const { type, data } = added('u2', 'company_administrator');
    two.when(add('u2', { name: ' Kim  Berg ' })).then([{ type, data: { ...data, name: 'Kim Berg' } }]);
    two.when(add('u2', { name: ' ' })).then({ code: 'VALIDATION', field: 'name', message: 'must not be empty' });
    two
      .when(add('another-id', { role: 'r1', email: 'U2@Nordlicht.example' }))
      .then([added('u2', 'r1', 'new', 'u2@nordlicht.example')]);
  });

  it('can be removed, except for the last one', () => {
    const last = { code: 'LAST_ADMINISTRATOR', partnerId: 'new', userId: 'u1' } as const;
    own.when(remove('u1')).then(last);
    own.when(add('u1', { role: 'r1', email: administrator.email })).then(last);
    const helped = own.when(add('u2', { role: 'r1' })).then([added('u2', 'r1')]);
    helped.when(remove('u1')).then(last);
    helped.when(add('u1')).then([added('u1', 'company_administrator', 'new', administrator.email)]);
    helped.when(remove('u2')).then([{ type: 'PartnerAdministratorRemoved', data: { partnerId: 'new', userId: 'u2' } }]);
    const gone = { type: 'PartnerAdministratorRemoved' as const, data: { partnerId: 'new', userId: 'u1' } };
    const replaced = helped.when(add('u3')).then([added('u3', 'company_administrator')]);
    const left = replaced.when(remove('u1')).then([gone]);
    left.when(remove('u1')).then({ code: 'NOT_FOUND', what: 'administrator', id: 'u1' });
    left.when(remove('u3')).then({ code: 'LAST_ADMINISTRATOR', partnerId: 'new', userId: 'u3' });
  });

  it('need a registered partner', () => {
    partner.when(add('u2')).then({ code: 'NOT_FOUND', what: 'partner', id: 'new' });
  });
});

describe('L1: postpaid projects of a partner', () => {
  const permit = (allowed: boolean) => ({ type: 'PermitPostpaid', partnerId: 'new', allowed }) as const;
  const data = { partnerId: 'new', tenantId: 'new' };

  it('are allowed and withdrawn, each once', () => {
    const { decision } = partner.when(register('dealer', null));
    if (!decision.ok) throw new Error('refused');
    const dealer = given(partnerAggregate, decision.events);
    dealer.when(permit(false)).then([]);
    const allowed = dealer.when(permit(true)).then([{ type: 'PostpaidAllowed', data }]);
    allowed.when(permit(true)).then([]);
    const withdrawn = allowed.when(permit(false)).then([{ type: 'PostpaidWithdrawn', data }]);
    withdrawn.when(permit(false)).then([]);
    withdrawn.when(permit(true)).then([{ type: 'PostpaidAllowed', data }]);
    expect(withdrawn.state().administrators).toStrictEqual(dealer.state().administrators);
  });

  it('need a registered partner', () => {
    partner.when(permit(true)).then({ code: 'NOT_FOUND', what: 'partner', id: 'new' });
  });
});

describe('promoting a partner to a distributor', () => {
  const promote = { type: 'PromotePartner', partnerId: 'new' } as const;
  const made = (parent: Registration['parent']) => {
    const { decision } = partner.when(register('dealer', parent));
    if (!decision.ok) throw new Error('refused');
    return given(partnerAggregate, decision.events);
  };
  const give = (userId: string, role: string | null): PartnerCommand => ({
    type: 'AddPartnerAdministrator',
    partnerId: 'new',
    userId,
    email: `${userId}@nordlicht.example`,
    name: 'Kim',
    role,
  });
  const raised = (userId: string, name: string, email: string) => ({
    type: 'PartnerAdministratorAdded' as const,
    data: { partnerId: 'new', tenantId: 'new', userId, email, name, role: 'company_administrator' },
  });

  it('promotes its administrators, and nobody with another role', () => {
    const dealer = made(null);
    const before = dealer.when(give('u2', 'r1')).then([
      {
        ...raised('u2', 'Kim', 'u2@nordlicht.example'),
        data: { ...raised('u2', 'Kim', 'u2@nordlicht.example').data, role: 'r1' },
      },
    ]);
    const after = before
      .when(promote)
      .then([
        { type: 'PartnerPromoted', data: { partnerId: 'new', tenantId: 'new', kind: 'distributor' } },
        raised('u1', 'Ada', 'ada@nordlicht.example'),
      ]);
    after.when(promote).then([]);
    after.when(give('u3', null)).then([raised('u3', 'Kim', 'u3@nordlicht.example')]);
  });

  it('is refused for a partner that belongs to a distributor, whose tenant it is in', () => {
    made(distributor)
      .when(promote)
      .then({ code: 'PARTNER_NOT_INDEPENDENT', partnerId: 'new', parentPartnerId: 'nordlicht' });
  });
});
