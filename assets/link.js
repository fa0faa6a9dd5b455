// A link from a letter carries its token in the fragment, which browsers send to nobody. This script stands right
// behind the hidden form of its page and runs before anything else can look at the address: it takes the token
// out of the address, and so out of the history, and posts it to the server, which keeps it in a cookie.
"use strict";
(() => {
  const mark = "#token=";
  const take = () => {
    if (!location.hash.startsWith(mark)) return;
    const form = document.getElementById("link"), token = location.hash.slice(mark.length);
    history.replaceState(history.state, "", location.pathname + location.search);
    form.elements.token.value = token;
    form.submit();
  };
  take();
  // The link opened once more in a tab that shows its page already: nothing is loaded then.
  addEventListener("hashchange", take);
})();
