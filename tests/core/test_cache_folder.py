from pathlib import Path

import platformdirs

from artforge.core.cache_folder import FOLDER_VARIABLE, user_cache


def test_the_cache_lies_where_the_variable_says_else_with_the_users_caches(tmp_path, monkeypatch):
    usual = Path(platformdirs.user_cache_dir("artforge"))
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path))
    assert (FOLDER_VARIABLE, user_cache()) == ("ARTFORGE_CACHE", tmp_path)
    monkeypatch.setenv("ARTFORGE_CACHE", "")
    assert user_cache() == usual
    monkeypatch.delenv("ARTFORGE_CACHE")
    assert user_cache() == usual
