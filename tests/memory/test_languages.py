"""A word of two characters is found in Chinese and in Japanese: kept alone or in a sentence, asked alone or in one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.memory.opening import open
from idiolect.memory.user import User

CHINESE = """
咖啡 苹果 香蕉 葡萄 西瓜 草莓 牛奶 面包 鸡蛋 豆腐 饺子 米饭 蔬菜 辣椒 蘑菇 海鲜 火锅 烤鸭 月饼 糖果
医生 护士 律师 厨师 司机 警察 画家 作家 歌手 农民 北京 上海 广州 深圳 成都 杭州 南京 武汉 西安 重庆
足球 篮球 网球 游泳 跑步 爬山 钓鱼 摄影 书法 围棋 钢琴 吉他 小提 古筝 唱歌 跳舞 电影 小说 诗歌 漫画
哥哥 姐姐 弟弟 妹妹 爷爷 奶奶 叔叔 阿姨 邻居 同事 花生 芒果 牛肉 羊肉 螃蟹 龙虾 青霉 花粉 灰尘 猫毛
汽车 地铁 飞机 轮船 单车 手机 电脑 相机 雨伞 眼镜 春节 中秋 婚礼 毕业 生日 头痛 感冒 失眠 过敏 骨折
"""
JAPANESE = """
寿司 天丼 納豆 味噌 豆乳 緑茶 抹茶 牛乳 野菜 果物 林檎 蜜柑 葡萄 西瓜 海老 鮭鱒 蕎麦 饂飩 餃子 煎餅
医者 教師 農家 画家 歌手 作家 警官 銀行 料理 記者 東京 京都 大阪 奈良 神戸 札幌 仙台 広島 福岡 長崎
野球 柔道 剣道 水泳 登山 釣り 写真 書道 将棋 囲碁 音楽 映画 小説 漫画 茶道 華道 旅行 読書 編物 園芸
父親 母親 兄弟 姉妹 祖父 祖母 叔父 叔母 隣人 同僚 電車 地下 飛行 自転 新幹 財布 眼鏡 時計 鉛筆 手帳
花粉 頭痛 風邪 不眠 骨折 結婚 卒業 引越 入学 誕生 ネコ イヌ パン ピザ カニ ビル バス ギア ドラ フネ
"""
SAID = {
    "chinese": ("我昨天跟朋友谈到{}的事情", "上个月我第一次写下{}两个字", "家里人都知道我喜欢{}"),
    "japanese": ("昨日友だちと{}のことを話しました", "先月はじめて{}と日記に書いた", "家族はみんな{}が好きです"),
}
ASKED = {"chinese": "请问你还记得{}吗？", "japanese": "{}をおぼえていますか？"}
WORDS = {"chinese": CHINESE.split(), "japanese": JAPANESE.split()}


@pytest.fixture(scope="module", params=sorted(WORDS))
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, User, User]]:
    """(language, who said each word alone, who said each in a sentence)."""
    language = str(request.param)
    place: Path = tmp_path_factory.mktemp(language) / "home"
    with open(place, encoder=None) as space:
        alone, within = space.user("alone"), space.user("within")
        alone.add(WORDS[language])
        frames = SAID[language]
        within.add([frames[n % len(frames)].format(word) for n, word in enumerate(WORDS[language])])
        yield language, alone, within


def first(user: User, question: str) -> str:
    found = user.search(question, top_k=1)["results"]
    return str(found[0]["memory"]) if found else ""


def test_there_are_a_hundred_words_of_two_characters(kept: tuple[str, User, User]) -> None:
    words = WORDS[kept[0]]
    assert (len(set(words)), {len(word) for word in words}) == (100, {2})


def test_a_word_finds_itself(kept: tuple[str, User, User]) -> None:
    language, alone, _ = kept
    assert [word for word in WORDS[language] if first(alone, word) != word] == []


def test_a_word_finds_the_sentence_that_has_it(kept: tuple[str, User, User]) -> None:
    language, _, within = kept
    assert [word for word in WORDS[language] if word not in first(within, word)] == []


def test_a_question_finds_the_word_that_it_holds(kept: tuple[str, User, User]) -> None:
    language, alone, _ = kept
    assert [word for word in WORDS[language] if first(alone, ASKED[language].format(word)) != word] == []


def test_a_question_finds_the_sentence_that_has_its_word(kept: tuple[str, User, User]) -> None:
    language, _, within = kept
    assert [word for word in WORDS[language] if word not in first(within, ASKED[language].format(word))] == []
