import { Alert, Modal } from '@mantine/core';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Resource } from '../parts/limit-text.js';
import { needWords } from '../words/index.js';

/** A quota that can be explained. */
export interface Question {
  readonly projectId: string;
  readonly groupId: string;
  readonly resource: Resource;
  /** `undefined`: now. */
  readonly at?: string | undefined;
}

interface WhyWindowProps {
  readonly of: Question;
  readonly onClose: () => void;
  /** The changes that can be made where the question was asked. */
  readonly children?: ReactNode;
}

const Why = lazy(async () => {
  const [{ Why: Picture }] = await Promise.all([import('./why.js'), needWords('why')]);
  return { default: Picture };
});

/** Why a quota is what it is, as a picture in a window. */
export function WhyWindow({ of, onClose, children }: WhyWindowProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('common.why')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Suspense fallback={<Alert role="status">{t('common.loading')}</Alert>}>
        <Why of={of} onLeave={onClose}>
          {children}
        </Why>
      </Suspense>
    </Modal>
  );
}

/** The quota that a refusal refers to with its link `why`. */
export function questionOf(link: unknown): Question | null {
  if (typeof link !== 'string') return null;
  const { pathname, searchParams } = new URL(link, 'https://console.invalid');
  const [, projectId, groupId] = /^\/projects\/([^/]+)\/groups\/([^/]+)\/quota\/why$/.exec(pathname) ?? [];
  const resource = searchParams.get('resource');
  if (projectId === undefined || groupId === undefined || resource === null) return null;
  return { projectId, groupId, resource: resource as Resource, at: searchParams.get('at') ?? undefined };
}
