// Drafts of memory in this browser: one for each opening of an editor, so that no two pages write the same one.
// Those of a merge have keys of their own, since marks may stand in them: only a merge offers them.
// A page that is open answers for its own when another asks: what answers is not left behind.
globalThis.haloDrafts = (() => {
  const PREFIX = "halo-draft:";

  function read(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  }
  // Whether it was kept: a store can be full, or closed to this page
  function write(key, draft) {
    try {
      localStorage.setItem(key, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }
  function remove(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // a store that is closed holds nothing
    }
  }
  const prefix = (document) => `${PREFIX}${document}\n`; // no name has a newline
  const newKey = (document) =>
    `${prefix(document)}${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
  function keysOf(document) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix(document)));
    } catch {
      return [];
    }
  }

  // Answer for the keys of `mine()` from now on, and ask once for those of all other pages
  function meet(mine, heard) {
    const channel = new BroadcastChannel("halo-drafts");
    channel.addEventListener("message", ({ data }) => {
      if (data.asks) channel.postMessage({ has: mine() });
      else heard(data.has);
    });
    channel.postMessage({ asks: true });
  }

  // Of this tab: the key of what it sent last, for the page that follows, which asks once
  const mark = (sent) => sessionStorage.setItem("halo-sent", JSON.stringify(sent));
  function marked() {
    const sent = JSON.parse(sessionStorage.getItem("halo-sent") || "null");
    sessionStorage.removeItem("halo-sent");
    return sent;
  }
  // A line among the messages above the page
  function say(words, tone) {
    const line = document.createElement("li");
    line.className = `message ${tone}`;
    line.textContent = words;
    document.getElementById("messages").append(line);
    return line;
  }

  return { keysOf, mark, marked, meet, newKey, read, remove, say, write };
})();
