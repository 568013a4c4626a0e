import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing';
import { deviceAggregate, type DeviceCommand, type DeviceEvent } from './device.js';

const claim = { serialNumber: 'SN1', claimId: 'c1', projectId: 'p1', tenantId: 't', groupId: 'g', model: 'AA-12' };
const claimed: DeviceEvent = { type: 'DeviceClaimed', data: claim };
const released: DeviceEvent = { type: 'DeviceReleased', data: { serialNumber: 'SN1', projectId: 'p1', claimId: 'c1' } };
const ask: DeviceCommand = { type: 'ClaimDevice', ...claim };

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
      .when({ type: 'ClaimDevice', ...next })
      .then([{ type: 'DeviceClaimed', data: next }]);
  });

  it('stays where it is when an older claim is released late', () => {
    const next: DeviceEvent = { type: 'DeviceClaimed', data: { ...claim, claimId: 'c2' } };
    given(deviceAggregate, [claimed, released, next])
      .when({ type: 'ReleaseDevice', serialNumber: 'SN1', claimId: 'c1' })
      .then([]);
  });

  it('keeps its events as they are stored', () => {
    for (const event of [claimed, released]) {
      const { type, data } = deviceAggregate.encode(event);
      expect(deviceAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => deviceAggregate.decode('DeviceLost', {})).toThrow('unknown event type');
  });
});
