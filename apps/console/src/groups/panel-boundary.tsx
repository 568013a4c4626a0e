import { Skeleton, type StyleProp } from '@mantine/core';
import { QueryErrorResetBoundary } from '@tanstack/react-query';
import { CatchBoundary } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '../parts/failure.js';

interface PanelBoundaryProps {
  readonly children: ReactNode;
  /** In pixels, as much as the part takes when it is loaded: what is below it stays where it is. */
  readonly height?: StyleProp<number>;
}

/** A part of a page that can load and fail while the others stay. */
export function PanelBoundary({ children, height = 160 }: PanelBoundaryProps) {
  const { t } = useTranslation();
  return (
    <QueryErrorResetBoundary>
      <CatchBoundary getResetKey={() => 'panel'} errorComponent={Failure}>
        <Suspense fallback={<Skeleton h={height} role="status" aria-label={t('common.loading')} />}>
          {children}
        </Suspense>
      </CatchBoundary>
    </QueryErrorResetBoundary>
  );
}
