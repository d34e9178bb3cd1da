"""Word lists: what the people of the demo clinic are called, and where they live.

Telephone numbers are those that Ofcom keeps for fiction, so that none of them rings anywhere.
"""

from __future__ import annotations

from typing import NamedTuple


class Culture(NamedTuple):
    """Names that go together, and the language (BCP 47) of those who bear them."""

    language: str
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]


def _culture(language: str, female: str, male: str, family: str) -> Culture:
    first, second, third = (tuple(words.split(", ")) for words in (female, male, family))
    return Culture(language, first, second, third)


CULTURES = (
    _culture(
        "en",
        "Aoife, Charlotte, Eleanor, Fiona, Grace, Hannah, Imogen, Keira, Lucy, Margaret, "
        "Niamh, Rosalind, Ruth, Sinéad, Zoë",
        "Alasdair, Benjamin, Callum, Daniel, Edward, Finlay, George, Harry, Ciarán, Nathan, "
        "Oliver, Patrick, Seán, Thomas, William",
        "O'Connor, Whitfield, MacLeod, Bennett, Ashworth, O'Sullivan, Hartley, Pemberton, "
        "Fitzgerald, Carmichael, Thornton, Ó Briain, Llewellyn, Sinclair, Harrington, D'Arcy, "
        "Holloway, Barraclough, Kavanagh, Turner",
    ),
    _culture(
        "es",
        "Alba, Beatriz, Carmen, Elena, Inés, Lucía, Marisol, Noelia, Pilar, Rocío, Sofía, "
        "Valentina, Ximena, Yolanda",
        "Álvaro, Andrés, Diego, Esteban, Hernán, Iker, Javier, Joaquín, Mateo, Óscar, Rafael, "
        "Santiago, Tomás, Víctor",
        "Nuñez, García, Fernández, Ibáñez, Muñoz, Peña, Quintero, Salazar, Vázquez, Zamora, "
        "Castellanos, Ordóñez, Rivera, Etxeberria, Sepúlveda, Márquez, Villalobos, Cárdenas",
    ),
    _culture(
        "de",
        "Anneliese, Birgit, Clara, Dörte, Greta, Hannelore, Ilse, Johanna, Katrin, Leonie, "
        "Marlene, Sabine, Ursula, Wiebke",
        "Anton, Björn, Dietmar, Emil, Friedrich, Günter, Henrik, Jürgen, Konrad, Lukas, "
        "Matthias, Sören, Uwe, Wolfgang",
        "Müller, Schröder, Weiß, Köhler, Brandt, Jäger, Vogel, Lindemann, Großmann, Hartmann, "
        "Böttcher, Neumann, Kühn, Schäfer, Albrecht, Rößler, Winkler, Dressler",
    ),
    _culture(
        "fr",
        "Adèle, Brigitte, Chloé, Édith, Françoise, Hélène, Inès, Joséphine, Léa, Margaux, "
        "Noémie, Océane, Solène, Thérèse",
        "André, Baptiste, Clément, Étienne, François, Gaël, Hugo, Jérôme, Loïc, Mathéo, "
        "Noël, Rémi, Sébastien, Théo",
        "Lefèvre, Beaumont, Gauthier, Rousseau, Hébert, Moreau, Lacroix, Tremblay, Desjardins, "
        "L'Hermitte, Fournier, Chevalier, Delacourt, Bélanger, Marchand, Perrault, d'Aubigny",
    ),
    _culture(
        "tr",
        "Ayşe, Büşra, Çiğdem, Defne, Elif, Fatma, Gülsüm, Hatice, İpek, Nurgül, Şebnem, Zeynep",
        "Ahmet, Berk, Cem, Doğan, Emre, Hakan, İsmail, Kemal, Mehmet, Oğuz, Selim, Yiğit",
        "Demir, Şahin, Çelik, Öztürk, Özdemir, Güneş, Koç, Erdoğdu, Aksoy, Şimşek, Doğan, "
        "Bulut, Karaca, Uçar",
    ),
    _culture(
        "pl",
        "Agnieszka, Barbara, Bożena, Dorota, Ewa, Grażyna, Joanna, Kinga, Łucja, Magdalena, "
        "Wisława, Zofia",
        "Andrzej, Bartosz, Dawid, Grzegorz, Jacek, Kazimierz, Łukasz, Marek, Paweł, Sławomir, "
        "Tadeusz, Wojciech",
        "Kowalczyk, Wiśniewski, Wójcik, Zieliński, Dąbrowski, Mazur, Pawlak, Król, Wróbel, "
        "Jabłoński, Stępień, Górski, Sikora, Baran",
    ),
    _culture(
        "vi",
        "Bích, Chi, Diệu, Hạnh, Hồng, Lan, Linh, Mai, Ngọc, Phương, Thảo, Thu, Trang, Yến",
        "An, Bảo, Cường, Dũng, Đức, Hải, Hiếu, Khánh, Long, Minh, Nam, Quang, Sơn, Tuấn",
        "Đặng, Nguyễn, Trần, Lê, Phạm, Hoàng, Vũ, Võ, Bùi, Đỗ, Hồ, Ngô, Dương, Lý",
    ),
    _culture(
        "ar",
        "Amina, Dalia, Fatima, Hala, Iman, Layla, Maryam, Nadia, Noor, Rania, Salma, Yasmin",
        "Adel, Bilal, Faisal, Hassan, Ibrahim, Jamal, Karim, Malik, Nabil, Omar, Rashid, Youssef",
        "El-Sayed, Haddad, Khalil, Mansour, Nasser, Al-Masri, Saleh, Farouk, Darwish, Benali, "
        "Bouzid, Shaheen, Hamdan, Qasim",
    ),
    _culture(
        "en",
        "Abena, Adaeze, Akosua, Chiamaka, Efua, Folasade, Ifeoma, Ngozi, Nkechi, Temitope, "
        "Wanjiru, Zainab",
        "Chinedu, Emeka, Femi, Ifeanyi, Kofi, Kwabena, Kwame, Obinna, Olumide, Sekou, Tendai, Yaw",
        "Mensah, Okafor, Adeyemi, Boateng, Nwosu, Owusu, Achebe, Diallo, Kamau, Ndlovu, Asante, "
        "Eze, Balogun, Traoré, Mwangi",
    ),
    _culture(
        "hi",
        "Aditi, Ananya, Deepa, Ishita, Kavya, Lakshmi, Meera, Nandini, Priya, Radha, Shreya, Usha",
        "Aarav, Arjun, Deepak, Gaurav, Harish, Karthik, Manish, Nikhil, Rajesh, Rohan, Suresh, "
        "Vikram",
        "Sharma, Patel, Iyer, Reddy, Chatterjee, Kulkarni, Nair, Banerjee, Mehta, Rao, Deshmukh, "
        "Kapoor, Gill, Menon, Joshi",
    ),
    _culture(
        "pt",
        "Beatriz, Catarina, Conceição, Débora, Filipa, Inês, Joana, Luísa, Mafalda, Patrícia, "
        "Raquel, Teresa",
        "Afonso, Bruno, Caetano, Duarte, Fábio, Gonçalo, João, Luís, Nuno, Rúben, Simão, Tiago",
        "Gonçalves, Conceição, Magalhães, Araújo, Brandão, Figueiredo, Guimarães, Simões, "
        "Teixeira, Vasconcelos, Leitão, Assunção, Pacheco, Moutinho",
    ),
    _culture(
        "sv",
        "Åsa, Astrid, Ebba, Freja, Gunilla, Ingrid, Karin, Linnéa, Maja, Saga, Signe, Tuva",
        "Anders, Bo, Eskil, Gustav, Håkan, Jonas, Lars, Magnus, Nils, Olof, Per, Viggo",
        "Bergström, Lindqvist, Sjöberg, Åkesson, Holmgren, Nyström, Söderlund, Dahl, Østergaard, "
        "Ekholm, Hägglund, Bjørnstad, Wallin",
    ),
)

STREETS = (
    "Chestnut Lane", "Station Road", "Mill Street", "Orchard Close", "Harbour View",
    "Church Walk", "Victoria Terrace", "Linden Avenue", "Kingfisher Drive", "Abbey Road",
    "Meadow Rise", "Quarry Hill", "Bridge Street", "Priory Gardens", "Larkspur Way",
    "Foundry Lane", "Market Place", "Rowan Court", "Castle Street", "Weavers Row",
    "Canal Street", "Elm Grove", "Observatory Road", "Saddlers Yard",
)  # fmt: skip
TOWNS = (
    ("Lindenford", "LF1"), ("Lindenford", "LF2"), ("Lindenford", "LF3"), ("Ashcombe", "LF7"),
    ("Saltmarsh", "LF9"), ("Upper Wexley", "LF12"), ("Wexley", "LF14"),
)  # fmt: skip

PHONES = (
    "07700 900", "020 7946 0", "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0",
    "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0", "0141 496 0", "0151 496 0",
    "0161 496 0", "01632 960", "029 2018 0", "028 9649 6",
)  # fmt: skip

INSURERS = (
    ("Meridian Health Mutual", "MHM"), ("Northlight Insurance", "NLI"), ("Careway Fund", "CWF"),
    ("Harbour & Vale Assurance", "HVA"), ("Bluestone Medical Plan", "BMP"),
    ("Tillers' Benefit Society", "TBS"),
)  # fmt: skip
