import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing';
import { partnerAggregate, type PartnerCommand } from './partner.js';

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

  it.each([
    ['distributor', distributor, 'a distributor has no partner above it'],
    ['dealer', null, 'a dealer belongs to a distributor'],
    ['dealer', { partnerId: 'd', kind: 'dealer', tenantId: 'nordlicht' }, 'a dealer belongs to a distributor'],
    ['management_company', null, 'a management_company belongs to a distributor'],
  ] as const)('refuses a %s below %j', (kind, parent, message) => {
    partner.when(register(kind, parent)).then({ code: 'VALIDATION', field: 'parentPartnerId', message });
  });

  it('keeps its event as it is stored', () => {
    const { decision } = partner.when(register('distributor'));
    if (!decision.ok) throw new Error('refused');
    for (const event of decision.events) {
      const { type, data } = partnerAggregate.encode(event);
      expect(partnerAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => partnerAggregate.decode('PartnerLost', {})).toThrow('unknown event type');
  });
});
