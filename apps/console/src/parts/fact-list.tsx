import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { factsOf, type Fact } from './happened-words.js';

interface FactListProps {
  /** The state afterwards, or the facts that were recorded. */
  readonly after: object;
  /** The state before; facts that stayed the same are left out. */
  readonly before?: object | null;
  readonly timeZone: string;
  /** Of the entry, so that a screen reader knows which button this is. */
  readonly of: string;
  /** Shows a fact that names something by its id; `undefined`: the fact is left out. */
  readonly named?: (name: string, id: string) => ReactNode;
}

const isId = (name: string): boolean => name.endsWith('Id') && name !== 'externalId';

/** Details of something that happened, in words, on request. */
export function FactList({ after, before = null, timeZone, of, named }: FactListProps) {
  const { t, i18n } = useTranslation();
  const [isOpen, { toggle }] = useDisclosure(false);
  const reader = { t, timeZone, language: i18n.language };
  const was = new Map(factsOf(before ?? {}, reader).map((fact) => [fact.name, fact]));
  const facts = factsOf(after, reader).filter(({ name, text }) => was.get(name)?.text !== text);
  const shown = (fact: Fact | undefined): ReactNode =>
    fact === undefined || typeof fact.value !== 'string' || !(isId(fact.name) || fact.name === 'holder')
      ? fact?.text
      : named?.(fact.name, fact.value);
  const lines = facts.flatMap((fact) => {
    const [now, then] = [shown(fact), shown(was.get(fact.name))];
    return now === undefined ? [] : [{ ...fact, now, then: before === null ? undefined : then }];
  });
  if (lines.length === 0) return null;
  return (
    <Stack gap={2} align="start">
      <Button
        variant="subtle"
        size="compact-xs"
        aria-expanded={isOpen}
        aria-label={`${t(isOpen ? 'facts.hide' : 'facts.show')}: ${of}`}
        onClick={toggle}
      >
        {t(isOpen ? 'facts.hide' : 'facts.show')}
      </Button>
      {isOpen &&
        lines.map(({ name, label, now, then }) => (
          <Text key={name} size="xs" style={{ overflowWrap: 'anywhere' }}>
            {label}: {then !== undefined && <s>{then}</s>} {then !== undefined && '→ '}
            {now}
          </Text>
        ))}
    </Stack>
  );
}
