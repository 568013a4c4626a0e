// Before everything else: takes the secret of a link out of the address.
import './links/secret.js';
import '@mantine/core/styles.css';
import '@mantine/dates/styles.css';
import '@mantine/notifications/styles.css';
import './console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Refused } from './api/client.js';
import { Console, loadPage } from './console.js';
import { initializeWords } from './words/index.js';

await initializeWords();
loadPage();
createRoot(document.getElementById('console')!, {
  // The page shows a refusal; it is no fault of the page.
  onCaughtError: (error) => {
    if (!(error instanceof Refused)) console.error(error);
  },
}).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
