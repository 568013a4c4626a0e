import { Skeleton } from '@mantine/core';
import { QueryErrorResetBoundary } from '@tanstack/react-query';
import { CatchBoundary } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '../parts/failure.js';

/** A part of a page that can load and fail while the others stay. */
export function PanelBoundary({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <QueryErrorResetBoundary>
      <CatchBoundary getResetKey={() => 'panel'} errorComponent={Failure}>
        <Suspense fallback={<Skeleton height={160} role="status" aria-label={t('common.loading')} />}>
          {children}
        </Suspense>
      </CatchBoundary>
    </QueryErrorResetBoundary>
  );
}
