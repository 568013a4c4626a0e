import { Tree } from 'antd';
import { createElement, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const HEIGHT_PX = 800;
const isOpen = location.search === '?open';

/** The tree of antd with virtual rows. It needs every group, so it asks for all of them at once. */
function Page() {
  const [groups, setGroups] = useState(null);
  useEffect(() => {
    void fetch('/groups.json')
      .then((answer) => answer.json())
      .then(setGroups);
  }, []);
  return (
    groups &&
    createElement(Tree, {
      treeData: groups,
      height: HEIGHT_PX,
      virtual: true,
      motion: false,
      defaultExpandedKeys: [groups[0].key, ...(isOpen ? groups[0].children.map(({ key }) => key) : [])],
    })
  );
}

createRoot(document.getElementById('page')).render(createElement(Page));
