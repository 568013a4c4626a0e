import { Anchor, Breadcrumbs, Group, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface PageHeadProps {
  /** The pages above, the highest first. */
  readonly above: readonly { readonly to: string; readonly name: string }[];
  readonly title: string;
  readonly subtitle?: string;
  readonly children?: ReactNode;
}

/** The title of a page, the way up, and what can be done there. */
export function PageHead({ above, title, subtitle, children }: PageHeadProps) {
  return (
    <Group justify="space-between" align="end">
      <div style={{ minWidth: 0 }}>
        <Breadcrumbs className="no-print" styles={{ root: { flexWrap: 'wrap' } }}>
          {above.map(({ to, name }) => (
            <Anchor key={to} component={Link} to={to} size="sm">
              {name}
            </Anchor>
          ))}
        </Breadcrumbs>
        <Title order={1} size="h2" style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {subtitle !== undefined && (
          <Text size="sm" c="dimmed">
            {subtitle}
          </Text>
        )}
      </div>
      <Group gap="xs" className="no-print">
        {children}
      </Group>
    </Group>
  );
}
