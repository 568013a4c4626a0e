import { useTranslation } from 'react-i18next';
import { ShownOnce } from '../parts/shown-once.js';

export interface NewKey {
  readonly keyId: string;
  readonly secret: string;
  readonly publicKey: string;
}

/** The secret of a webhook endpoint, when it is made and never again. */
export function KeyShown({ newKey, onClose }: { readonly newKey: NewKey; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { secret, publicKey } = newKey;
  const values = [
    { label: t('webhooks.secret'), value: secret },
    { label: t('webhooks.publicKey'), value: publicKey },
  ];
  return <ShownOnce title={t('webhooks.keyTitle')} values={values} onClose={onClose} />;
}
