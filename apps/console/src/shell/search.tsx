import { Combobox, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import type { Resource } from '../parts/limit-text.js';
import type { en } from '../words/en.js';

type Hit = ItemOf<'/api/v1/search'>;

const LEAST = 2;

/** Finds anything by a part of its name, an id, an address or a serial number, and goes there. */
export function Search() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const combobox = useCombobox();
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 200);
  const { data } = useQuery({
    queryKey: ['search', q],
    queryFn: () => must(api.GET('/api/v1/search', { params: { query: { q, limit: 10 } } })),
    enabled: q.length >= LEAST,
  });
  const hits = q.length >= LEAST ? (data?.items ?? []) : [];

  async function open(index: string): Promise<void> {
    const hit = hits[Number(index)];
    setText('');
    combobox.closeDropdown();
    if (!hit) return;
    const { kind, id, projectId, groupId } = hit;
    if (projectId !== null) {
      const params = { projectId, groupId: groupId ?? projectId };
      await navigate({ to: '/projects/$projectId/groups/$groupId', params });
    } else if (kind === 'partner') await navigate({ to: '/partners/$partnerId', params: { partnerId: id } });
  }

  return (
    <Combobox store={combobox} onOptionSubmit={(value) => void open(value)}>
      <Combobox.Target>
        <TextInput
          type="search"
          aria-label={t('shell.search')}
          placeholder={t('shell.searchHint')}
          value={text}
          maw={420}
          flex={1}
          onChange={({ currentTarget }) => {
            setText(currentTarget.value);
            combobox.openDropdown();
            combobox.resetSelectedOption();
          }}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={q.length < LEAST || data === undefined}>
        <Combobox.Options>
          {hits.length === 0 && <Combobox.Empty>{t('shell.searchEmpty')}</Combobox.Empty>}
          {hits.map((hit, index) => (
            <Combobox.Option key={`${hit.kind} ${hit.id} ${hit.groupId}`} value={String(index)}>
              <Found {...hit} />
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** A license is named by its type, an assignment by its resource. */
function nameOf({ kind, text }: Hit, t: TFunction): string {
  if (kind === 'license') return t(`licenseTypes.${text as keyof typeof en.licenseTypes}`);
  return kind === 'assignment' ? t(`resources.${text as Resource}`) : text;
}

function Found(hit: Hit) {
  const { t } = useTranslation();
  const { kind, path, projectName } = hit;
  return (
    <>
      <Text size="sm">{nameOf(hit, t)}</Text>
      <Text size="xs" c="dimmed">
        {[t(`shell.kinds.${kind}`), path.length > 0 ? path.join(' / ') : projectName].filter(Boolean).join(' · ')}
      </Text>
    </>
  );
}
