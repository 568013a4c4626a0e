import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const COLORS = {
  scheduled: 'blue',
  active: 'teal',
  in_force: 'teal',
  open: 'teal',
  grace: 'orange',
  expired: 'gray',
  suspended: 'red',
  revoked: 'gray',
  closed: 'gray',
} as const;

/** A status in words; the color only repeats them. */
export function StatusBadge({ status }: { readonly status: keyof typeof COLORS }) {
  const { t } = useTranslation();
  return (
    <Badge color={COLORS[status]} variant="light" tt="none" miw="max-content">
      {t(`statuses.${status}`)}
    </Badge>
  );
}
