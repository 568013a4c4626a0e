import { describe, expect, it } from '@jest/globals';
import { FeatureName, LicenseTypeName, PoolModeName, RecurrenceName, ResourceName } from '@allotree/contracts';
import { FEATURES, LICENSE_TYPES, POOL_MODES, RECURRENCES, RESOURCES } from '@allotree/domain';

describe('the words of the contract', () => {
  it('are those of the domain', () => {
    expect(ResourceName.options).toEqual(RESOURCES);
    expect(FeatureName.options).toEqual(FEATURES);
    expect(LicenseTypeName.options).toEqual(LICENSE_TYPES);
    expect(PoolModeName.options).toEqual(POOL_MODES);
    expect(RecurrenceName.options).toEqual(RECURRENCES);
  });
});
