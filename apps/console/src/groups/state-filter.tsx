import { Chip, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { TREE_STATES, type TreeState } from './tree-query.js';

interface StateFilterProps {
  readonly states: readonly TreeState[];
  readonly onChange: (states: readonly string[]) => void;
}

/** Which groups are shown instead of the tree; none: the tree. */
export function StateFilter({ states, onChange }: StateFilterProps) {
  const { t } = useTranslation();
  return (
    <Chip.Group multiple value={[...states]} onChange={onChange}>
      <Group gap={6} role="group" aria-label={t('found.filter')}>
        {TREE_STATES.map((state) => (
          <Chip key={state} value={state} size="xs" title={t(`found.meaning.${state}`)}>
            {t(`found.states.${state}`)}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}
