import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PageTitleProps {
  readonly title: string;
  /** The purpose of the page, in a sentence. */
  readonly about?: string;
  readonly children?: ReactNode;
}

/** The head of a page: its name, what it is for, and what can be begun there. */
export const PageTitle = ({ title, about, children }: PageTitleProps) => (
  <Group justify="space-between" align="start">
    <div style={{ flex: '1 1 240px', minWidth: 0, overflowWrap: 'anywhere' }}>
      <Title order={1} size="h2">
        {title}
      </Title>
      {about !== undefined && (
        <Text size="sm" c="dimmed">
          {about}
        </Text>
      )}
    </div>
    <Group gap="xs">{children}</Group>
  </Group>
);
