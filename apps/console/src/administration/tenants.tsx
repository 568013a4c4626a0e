import { Select } from '@mantine/core';
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useMe } from '../api/access.js';

interface Tenant {
  readonly tenantId: string;
  readonly name: string;
}

/** The partners that somebody sees, by name. */
const partnersQuery = queryOptions({
  queryKey: ['partners', 'of tenants'],
  queryFn: () => must(api.GET('/api/v1/partners', { params: { query: { limit: 200 } } })),
});

/** The tenants in which somebody can administer something. */
export function useTenants(): readonly Tenant[] {
  const { t } = useTranslation();
  const { tenantIds, serverAdministrator } = useMe();
  const { data } = useSuspenseQuery(partnersQuery);
  const names = new Map(data.items.map(({ partnerId, name }) => [partnerId, name]));
  const all = serverAdministrator
    ? data.items.filter(({ partnerId, tenantId }) => partnerId === tenantId).map(({ tenantId }) => tenantId)
    : tenantIds;
  return all.map((tenantId, index) => ({
    tenantId,
    name: names.get(tenantId) ?? t('administration.tenantNumber', { number: index + 1 }),
  }));
}

interface TenantSelectProps {
  readonly tenants: readonly Tenant[];
  readonly value: string | null;
  readonly onChange: (tenantId: string | null) => void;
  /** The name of the choice for all tenants, which only the server administrator has. */
  readonly all?: string;
}

const ALL = '*';

/** Chooses a tenant, where there is more than one. */
export function TenantSelect({ tenants, value, onChange, all }: TenantSelectProps) {
  const { t } = useTranslation();
  const { serverAdministrator } = useMe();
  const withAll = all !== undefined && serverAdministrator;
  if (tenants.length < 2 && !withAll) return null;
  return (
    <Select
      label={t('administration.tenant')}
      maw={320}
      searchable
      allowDeselect={false}
      data={[
        ...(withAll ? [{ value: ALL, label: all }] : []),
        ...tenants.map(({ tenantId, name }) => ({ value: tenantId, label: name })),
      ]}
      value={value ?? (withAll ? ALL : null)}
      onChange={(chosen) => onChange(chosen === ALL ? null : chosen)}
    />
  );
}

/** @param withAll whether the server administrator begins with what applies to all tenants */
export function useTenant(withAll: boolean) {
  const tenants = useTenants();
  const { serverAdministrator } = useMe();
  const first = withAll && serverAdministrator ? null : (tenants[0]?.tenantId ?? null);
  const [tenantId, setTenantId] = useState(first);
  return { tenants, tenantId, setTenantId, query: tenantId === null ? {} : { tenantId } };
}
