import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { deviceCatalogueAggregate } from './device-catalogue.aggregate.js';
import { deviceAggregate, type DeviceCommand, type DeviceEvent } from './device.aggregate.js';

const claim = { serialNumber: 'SN1', claimId: 'c1', projectId: 'p1', tenantId: 't', groupId: 'g', model: 'AA-12' };
const claimed: DeviceEvent = { type: 'DeviceClaimed', data: claim };
const released: DeviceEvent = { type: 'DeviceReleased', data: { serialNumber: 'SN1', projectId: 'p1', claimId: 'c1' } };
const ask = { type: 'ClaimDevice', ...claim, proof: null } as const satisfies DeviceCommand;

describe('a serial number (L2)', () => {
  it('belongs to the project that claims it first', () => {
    given(deviceAggregate, [])
      .when(ask)
      .then([claimed])
      .when({ ...ask, claimId: 'c2' })
      .then([]);
  });

  it('is in one project at a time', () => {
    given(deviceAggregate, [claimed])
      .when({ ...ask, claimId: 'c2', projectId: 'p2' })
      .then({ code: 'DEVICE_ELSEWHERE', serialNumber: 'SN1', groupId: null });
  });

  it('is free again once its claim is released', () => {
    const next = { ...claim, claimId: 'c2', projectId: 'p2' };
    given(deviceAggregate, [claimed])
      .when({ type: 'ReleaseDevice', serialNumber: 'SN1', claimId: 'c1' })
      .then([released])
      .when({ ...ask, ...next })
      .then([{ type: 'DeviceClaimed', data: next }]);
  });

  it('has nothing to release where no project has claimed it', () => {
    given(deviceAggregate, []).when({ type: 'ReleaseDevice', serialNumber: 'SN1', claimId: 'c1' }).then([]);
  });

  it('stays claimed when an older claim is released late', () => {
    const next: DeviceEvent = { type: 'DeviceClaimed', data: { ...claim, claimId: 'c2' } };
    given(deviceAggregate, [claimed, released, next])
      .when({ type: 'ReleaseDevice', serialNumber: 'SN1', claimId: 'c1' })
      .then([]);
  });

  const catalogued: DeviceEvent = { type: 'DeviceCatalogued', data: { serialNumber: 'SN1', claimCodeHash: 'good' } };
  const put: DeviceCommand = { type: 'CatalogueDevice', ...catalogued.data };
  const withCode = (claimCodeHash: string | null) => ({ ...ask, proof: { claimCodeHash } });
  const refused = { code: 'CLAIM_CODE_INVALID', serialNumber: 'SN1' } as const;

  it('is put into the catalogue once; the latest code counts', () => {
    const other: DeviceEvent = { type: 'DeviceCatalogued', data: { serialNumber: 'SN1', claimCodeHash: 'other' } };
    given(deviceAggregate, [])
      .when(put)
      .then([catalogued])
      .when(put)
      .then([])
      .when({ type: 'CatalogueDevice', ...other.data })
      .then([other])
      .when(withCode('good'))
      .then(refused)
      .when(withCode('other'))
      .then([claimed]);
  });

  it('is claimed with its code where there is a catalogue; a wrong code, none and an unknown number are refused alike', () => {
    const known = given(deviceAggregate, [catalogued]);
    for (const code of ['wrong', null]) {
      known.when(withCode(code)).then(refused);
      given(deviceAggregate, []).when(withCode(code)).then(refused);
    }
    given(deviceAggregate, []).when(withCode('good')).then(refused);
    known.when(withCode('good')).then([claimed]);
  });

  it('does not reveal that it is in use to a caller without its code', () => {
    const elsewhere = given(deviceAggregate, [catalogued, claimed]);
    const from = { projectId: 'p2', claimId: 'c2' };
    elsewhere.when({ ...withCode('wrong'), ...from }).then(refused);
    elsewhere
      .when({ ...withCode('good'), ...from })
      .then({ code: 'DEVICE_ELSEWHERE', serialNumber: 'SN1', groupId: null });
  });

  it('stays claimed when a catalogue comes, and needs a code for its next claim', () => {
    given(deviceAggregate, [claimed])
      .when(withCode(null))
      .then([])
      .when({ type: 'ReleaseDevice', serialNumber: 'SN1', claimId: 'c1' })
      .then([released])
      .when(withCode(null))
      .then(refused);
  });

  it('needs no code without a catalogue', () => {
    given(deviceAggregate, [catalogued]).when(ask).then([claimed]);
  });

  it('stores its events unchanged', () => {
    for (const event of [catalogued, claimed, released]) {
      const { type, data } = deviceAggregate.encode(event);
      expect(deviceAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => deviceAggregate.decode('DeviceLost', {})).toThrow('unknown event type');
  });
});

describe('the device catalogue (L2)', () => {
  const opened = { type: 'DeviceCatalogueOpened', data: {} } as const;
  const closed = { type: 'DeviceCatalogueClosed', data: {} } as const;

  it('is opened and closed once', () => {
    given(deviceCatalogueAggregate, [])
      .when({ type: 'CloseDeviceCatalogue' })
      .then([])
      .when({ type: 'OpenDeviceCatalogue' })
      .then([opened])
      .when({ type: 'OpenDeviceCatalogue' })
      .then([])
      .when({ type: 'CloseDeviceCatalogue' })
      .then([closed])
      .when({ type: 'OpenDeviceCatalogue' })
      .then([opened]);
  });

  it('stores its events unchanged', () => {
    for (const event of [opened, closed]) {
      const { type, data } = deviceCatalogueAggregate.encode(event);
      expect(deviceCatalogueAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => deviceCatalogueAggregate.decode('DeviceCatalogueBurnt', {})).toThrow('unknown event type');
  });
});
