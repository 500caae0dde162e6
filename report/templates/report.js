(() => {
  const open = () => {
    const key = decodeURIComponent(location.hash.slice(1));
    const target = key && document.getElementById(key);
    if (!target) return;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => document.querySelectorAll("details.year, details.file").forEach((box) => { box.open = true; }));
  open();
})();
